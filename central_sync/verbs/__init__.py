"""The verbs of ``pishkhan-hub`` that are about one business each; ``central_sync/__main__.py`` holds those of the hub itself."""
