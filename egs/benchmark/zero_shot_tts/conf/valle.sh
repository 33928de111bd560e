# VALL-E: both decoders, and the codec whose tokens they write.
mini_stages="1 5" libritts_stages="4 6"
parts=(autoregressive non_autoregressive "codec=${codec:-encodec}")
[[ $corpus == mini ]] || options=(--corpus "$data")
[[ ! $codec ]] || options+=(--codec "$codec")
controls=(prompt_text=PROMPT_TEXT stop_at_bound=true frames_per_token=6)
