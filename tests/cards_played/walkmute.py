import time


class Mute:
    atr = b"\x00"

    def apdu(self, c):
        return b"\x6f\x00"

    def reset(self):
        pass


class Junk(Mute):
    atr = bytes.fromhex("3B630000585877")


class Slow:
    atr = bytes.fromhex("3B630000585801")

    def apdu(self, c):
        time.sleep(20)
        return b"\x90\x00"

    def reset(self):
        pass
