"""Built-in actors that look like people, made from MakeHuman's CC0 data; numpy alone but for `actor`."""
