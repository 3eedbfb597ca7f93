"""Where the bytes are kept; the setting CONTENT_STORE names one of these."""
