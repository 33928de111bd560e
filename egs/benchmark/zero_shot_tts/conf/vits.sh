# VITS with an encoder of references.
mini_stages="1 3" libritts_stages="4 5"
parts=(vits)
[[ $corpus == mini ]] || options=(--corpus "$data")
