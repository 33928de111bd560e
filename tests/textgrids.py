"""An alignment as Praat writes it."""

TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 0.6
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 0.6
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 0.6
            text = "w"
"""
