"""How much the property tests try: by default little, and always the same."""

from hypothesis import settings

settings.register_profile(
    "quick", derandomize=True, database=None, deadline=None, max_examples=60
)
settings.register_profile("thorough", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("quick")
