"""A card reader made of a folder: a JSON file in it is the card on the reader. For the demo, the simulator and training."""
