/* The files of personas/ as bytes of the program, so that `skep init` needs nothing beside itself. */
    .section .rodata
    .macro template name
    .global skep_persona_template_\name
    .global skep_persona_template_\name\()_end
skep_persona_template_\name:
    .incbin "\name\().toml"
skep_persona_template_\name\()_end:
    .byte 0
    .endm

    template debian
    template router

    .section .note.GNU-stack,"",@progbits
