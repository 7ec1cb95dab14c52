"""Whole numbers and texts in few bytes: seven bits a byte, the lowest first, as in protobuf."""

from __future__ import annotations

_MORE = 0x80
# What counts are kept in; anything that takes more was not written here.
_MAX_BITS = 64


def put_number(out: bytearray, number: int) -> None:
    """Append a number that is not negative."""
    while number >= _MORE:
        out.append(number & 0x7F | _MORE)
        number >>= 7
    out.append(number)


def put_text(out: bytearray, text: str) -> None:
    """Append a text."""
    content = text.encode()
    put_number(out, len(content))
    out += content


class Reader:
    """Takes one thing after the other off some bytes. Raises ValueError for what was not written here."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self.at = at

    def __bool__(self) -> bool:
        """Tell whether anything is left."""
        return self.at < len(self._data)

    def number(self) -> int:
        """Take a number."""
        number = shift = 0
        while self.at < len(self._data) and shift < _MAX_BITS:
            byte = self._data[self.at]
            self.at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < _MORE:
                if number >> _MAX_BITS:
                    break
                return number
        raise ValueError("a number is cut off, or too large")

    def content(self) -> bytes:
        """Take bytes that follow their length."""
        length = self.number()
        begin, self.at = self.at, self.at + length
        if self.at > len(self._data):
            raise ValueError("something is cut off")
        return self._data[begin : self.at]

    def text(self) -> str:
        """Take a text."""
        return self.content().decode()
