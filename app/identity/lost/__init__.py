"""The way back in for somebody who lost their passphrase: a recovery code, or a code from two moderators."""
