"""The local server: the engine for other programs of this computer, in the form of OpenAI's API."""
