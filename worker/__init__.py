"""pagesieve: raw web pages from Kafka in, clean article records out."""

__version__ = "0.1.0"
