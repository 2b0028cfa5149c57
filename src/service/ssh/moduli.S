/* The primes of moduli.txt as bytes of the program. */
    .section .rodata
    .global skep_ssh_moduli
    .global skep_ssh_moduli_end
skep_ssh_moduli:
    .incbin "moduli.txt"
skep_ssh_moduli_end:
    .byte 0

    .section .note.GNU-stack,"",@progbits
