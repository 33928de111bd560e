"""DDDM-VC's networks."""
