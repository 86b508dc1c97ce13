"""XMM-Newton SAS as a program: its messages, its environment, its files of text. Standard library only, for it runs on
cluster nodes.
"""
