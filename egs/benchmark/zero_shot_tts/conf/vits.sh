# VITS with an encoder of references.
mini_stages="1 5" libritts_stages="4 5"
parts=(vits)
[[ $corpus == mini ]] || options=(--data "$data")
