"""A guest in 512 bytes: prints one line on its first serial port, then sleeps until its power button is pressed.

It boots within a tenth of a second even where the processor is emulated, so a demonstration or a test can show a real
machine: it can be paused, saved, reset, asked to shut down, and it lets go of devices. The machine code is our own; its
listing stands beside it.
"""

from __future__ import annotations

from typing import Final

SIZE: Final = 512
_SIGNATURE: Final = b"\x55\xaa"
_END: Final = b"\r\n\0"

# 16-bit code for a PC, loaded by its firmware at 7C00h. The comments give the offset and the instruction.
_CODE: Final = bytes.fromhex(
    # One segment for code, data and stack; the stack grows down from the code.
    "FA"  #            00        cli
    "31C0"  #          01        xor ax, ax
    "8ED8"  #          03        mov ds, ax
    "8ED0"  #          05        mov ss, ax
    "BC007C"  #        07        mov sp, 7C00h
    "FC"  #            0A        cld
    "EA107C0000"  #    0B        jmp 0000h:7C10h        some firmware enters at 07C0h:0000h
    # COM1 at 3F8h: 115200 baud, 8 bits, no parity, 1 stop bit, without interrupts.
    "BAFB03"  #        10        mov dx, 3FBh           line control:
    "B080EE"  #        13        mov al, 80h; out dx, al    divisor latch open
    "BAF803"  #        16        mov dx, 3F8h
    "B001EE"  #        19        mov al, 1; out dx, al      divisor 1, low byte
    "BAF903"  #        1C        mov dx, 3F9h
    "30C0EE"  #        1F        xor al, al; out dx, al     and high byte
    "BAFB03"  #        22        mov dx, 3FBh
    "B003EE"  #        25        mov al, 3; out dx, al      latch closed, 8 bits
    "BAF903"  #        28        mov dx, 3F9h           interrupt enable:
    "30C0EE"  #        2B        xor al, al; out dx, al     none
    "BAFC03"  #        2E        mov dx, 3FCh           modem control:
    "B003EE"  #        31        mov al, 3; out dx, al      DTR and RTS
    # ACPI's fixed registers as QEMU's firmware places them: status 600h, enable 602h, control 604h. Enabled before the
    # text is out, so that whoever has seen the text can press the button. Elsewhere the ports do nothing.
    "BA0206"  #        34        mov dx, 602h
    "B80001EF"  #      37        mov ax, 100h; out dx, ax   let the power button show
    # Print the text up to its 0 byte.
    "BE737C"  #        3B        mov si, 7C73h          the text
    "AC"  #            3E next:  lodsb
    "84C0"  #          3F        test al, al
    "7412"  #          41        jz idle
    "88C4"  #          43        mov ah, al
    "BAFD03"  #        45        mov dx, 3FDh           line status
    "EC"  #            48 full:  in al, dx
    "A820"  #          49        test al, 20h           transmitter empty?
    "74FB"  #          4B        jz full
    "BAF803"  #        4D        mov dx, 3F8h
    "88E0"  #          50        mov al, ah
    "EE"  #            52        out dx, al
    "EBE9"  #          53        jmp next
    # Sleep; the firmware's timer interrupt ends each hlt, 18 times a second. Then let go of the devices that shall be
    # unplugged (QEMU's PCI hot-plug registers on a PC: wanted AE04h, eject AE08h, one bit a slot).
    "FB"  #            55 idle:  sti
    "F4"  #            56        hlt
    "BA04AE"  #        57        mov dx, 0AE04h
    "66ED"  #          5A        in eax, dx
    "80C204"  #        5C        add dl, 4
    "66EF"  #          5F        out dx, eax
    "BA0006"  #        61        mov dx, 600h
    "ED"  #            64        in ax, dx
    "F6C401"  #        65        test ah, 1             pressed?
    "74EB"  #          68        jz idle
    "BA0406"  #        6A        mov dx, 604h
    "B80020EF"  #      6D        mov ax, 2000h; out dx, ax  power off (S5)
    "EBE2"  #          71        jmp idle
    #                  73 the text
)

LONGEST_LINE: Final = SIZE - len(_SIGNATURE) - len(_CODE) - len(_END)


def boot_sector(line: str) -> bytes:
    """A boot sector that prints ``line`` and a line end, 512 bytes.

    Raises ValueError for a line that is not printable ASCII, or has more than ``LONGEST_LINE`` characters.
    """
    if not (line.isascii() and line.isprintable()):
        raise ValueError("the line is not printable ASCII")
    if len(line) > LONGEST_LINE:
        raise ValueError(f"the line has {len(line)} characters, and {LONGEST_LINE} fit")
    return (_CODE + line.encode("ascii") + _END).ljust(SIZE - len(_SIGNATURE), b"\0") + _SIGNATURE
