"""Every compiled kernel, and the layers that stand in for others where a device is quicker with them.

Networks are written as their papers write them and know nothing of this folder. `prepare` is its door: it
replaces modules of a built network from outside, by rules that stand beside the kernels (`rules`).
"""
