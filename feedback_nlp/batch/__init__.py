"""An analysis as maps over parts of rows and what is merged between them; `analyze` and the command line run the same steps.

setup -> first map (read, clean, score, mask) -> learn (ids, duplicates, themes, aspects: of aggregates and a seeded sample) -> second map
(themes, keywords, aspects of each row; counts) -> judge (trends, tables) -> third map (priority, reasons, deadlines) -> order.

A part is some ten thousand rows in the order of the file. No result depends on how the rows were parted, nor on what runs the maps.
"""
