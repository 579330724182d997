"""The working day of working_day.py: its people, its parts in order, and what is in the books at its end."""
