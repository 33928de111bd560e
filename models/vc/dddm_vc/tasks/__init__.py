"""Training tasks of DDDM-VC, one a part."""
