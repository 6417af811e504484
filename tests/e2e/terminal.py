"""A program on a terminal of its own, and what a person then sees: a small screen that understands
what our programs send."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

PIECE = re.compile(r"\x1b\[(\d*)([A-Za-z])|(\r\n|\r|\n)|([^\x1b\r\n]+)")


class Screen:
    """Lines of text and a cursor; colours are left out. It never scrolls: what was above stays."""

    def __init__(self):
        self.lines, self.row, self.column = [""], 0, 0

    def feed(self, text):
        for number, command, line_end, words in PIECE.findall(text):
            if words:
                line = self.lines[self.row].ljust(self.column)
                end = self.column + len(words)
                self.lines[self.row] = line[: self.column] + words + line[end:]
                self.column = end
            elif line_end:
                self.column = 0
                if "\n" in line_end:
                    self.row += 1
                    self.lines += [""] * (self.row + 1 - len(self.lines))
            elif command == "A":
                self.row = max(0, self.row - int(number or 1))
            elif command == "K":
                self.lines[self.row] = self.lines[self.row][: self.column]
            elif command == "J":
                self.lines[self.row] = self.lines[self.row][: self.column]
                del self.lines[self.row + 1 :]
            else:
                assert command == "m", f"an unknown command: {number}{command}"


class OnTerminal:
    """A child whose terminal has so many columns and lines; Ctrl-C reaches it as from a keyboard."""

    def __init__(self, argv, env, columns=100, lines=24):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.settings = termios.tcgetattr(slave)
        self.slave = slave  # kept open, so that what was written last can be read
        self.text = ""
        self.child = subprocess.Popen(
            [str(word) for word in argv],
            env=env | {"TERM": "xterm"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def read(self, seconds=0.1):
        """Takes what came, and returns the whole text so far."""
        while select.select([self.master], [], [], seconds)[0]:
            self.text += os.read(self.master, 65536).decode(errors="replace")
            seconds = 0
        return self.text

    def screen(self):
        screen = Screen()
        screen.feed(self.read())
        return screen.lines

    def press_ctrl_c(self):
        os.write(self.master, b"\x03")

    def wait(self, timeout):
        """The exit code; reads meanwhile, as a terminal does."""
        deadline = time.monotonic() + timeout
        while self.child.poll() is None:
            assert time.monotonic() < deadline, self.read()[-2000:]
            self.read()
        self.read()
        return self.child.returncode

    def is_as_before(self):
        return termios.tcgetattr(self.slave) == self.settings

    def close(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGKILL)
            self.child.wait()
        os.close(self.slave)
        os.close(self.master)
