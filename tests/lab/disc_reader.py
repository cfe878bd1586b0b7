"""A guest that prints what is on its disc: the printable bytes of each sector from the 16th on, a line a sector."""

from __future__ import annotations

from pathlib import Path
from typing import Final

END: Final = "end of disc"
_SIZE: Final = 512

# 16-bit code, loaded at 7C00h. The firmware reads the first CD drive as its drive E0h, in sectors of 2048 bytes.
_CODE: Final = bytes.fromhex(
    "FA31C08ED88EC08ED0"  # 00        cli; xor ax, ax; mov ds, ax; mov es, ax; mov ss, ax
    "BC007CFC"  #           09        mov sp, 7C00h; cld
    "EA127C0000"  #         0D        jmp 0000h:7C12h
    "FB"  #                 12        sti
    "BE637C"  #             13 next:  mov si, 7C63h         what to read
    "B442B2E0CD13"  #       16        mov ah, 42h; mov dl, 0E0h; int 13h
    "7224"  #               1C        jc end
    "BE0080B90008"  #       1E        mov si, 8000h; mov cx, 2048
    "AC"  #                 24 byte:  lodsb
    "3C207207"  #           25        cmp al, 20h; jb skip
    "3C7E7703"  #           29        cmp al, 7Eh; ja skip
    "E82200"  #             2D        call send
    "E2F2"  #               30 skip:  loop byte
    "B00AE81B00"  #         32        mov al, 0Ah; call send
    "FE066B7C"  #           37        inc byte [7C6Bh]
    "803E6B7C40"  #         3B        cmp byte [7C6Bh], 64
    "72D1"  #               40        jb next
    "BE737C"  #             42 end:   mov si, 7C73h         the text
    "AC84C07405"  #         45 more:  lodsb; test al, al; jz idle
    "E80500EBF6"  #         4A        call send; jmp more
    "F4EBFD"  #             4F idle:  hlt; jmp idle
    "88C4BAFD03"  #         52 send:  mov ah, al; mov dx, 3FDh
    "ECA82074FB"  #         57 full:  in al, dx; test al, 20h; jz full
    "BAF80388E0EEC3"  #     5C        mov dx, 3F8h; mov al, ah; out dx, al; ret
    "1000010000800000"  #   63        16 bytes; one sector to 0000h:8000h
    "1000000000000000"  #   6B        from sector 16 on
    #                       73 the text
)


def disc_reader_image(folder: Path, name: str = "reader.img") -> Path:
    """A raw image of 1 MiB with that guest."""
    path = folder / name
    code = (_CODE + END.encode() + b"\r\n\0").ljust(_SIZE - 2, b"\0") + b"\x55\xaa"
    path.write_bytes(code.ljust(1 << 20, b"\0"))
    return path
