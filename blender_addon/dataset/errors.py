"""The errors a user can act on: each message is one sentence that names the file, line or actor."""


class DatasetError(ValueError):
    """Something in the user's files is wrong; the message says where and what to do."""
