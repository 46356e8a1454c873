"""The video pipeline: a recording session and a locked edit become finished videos."""
