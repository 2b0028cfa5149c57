/* openapi.json as bytes of the program. */
    .section .rodata
    .global skep_hub_openapi
    .global skep_hub_openapi_end
skep_hub_openapi:
    .incbin "openapi.json"
skep_hub_openapi_end:
    .byte 0

    .section .note.GNU-stack,"",@progbits
