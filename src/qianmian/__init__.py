"""Qianmian 千面: sees every viewer of a live-commerce room and does the one thing that helps."""
