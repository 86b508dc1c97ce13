"""The steps of a chain that processes an XMM-Newton observation, from its ODF to images: each runs tasks of SAS.

What each runs, with which parameters and in which order, is what DAXA (github.com/DavidT3/DAXA) runs.
"""
