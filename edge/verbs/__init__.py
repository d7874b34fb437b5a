"""The verbs of ``pishkhan-edge``, one module for each thing they are about; ``edge/__main__.py`` lists them, each loaded when it is typed."""
