"""The card readers' face: which readers there are, and who is on a card. See README.md."""
