"""The gallery of a run: a folder with a page of every scene, its newest frame and its video; or that page served.

It reads the run's record and results and writes into its own folder alone: a run does not notice that it is looked at.
"""
