"""Where finished media go.  `mockup/ports.py` says what a shop is to a mockup job; each module is one shop,
and the built-in catalogue is the shop of those who have none.
"""
