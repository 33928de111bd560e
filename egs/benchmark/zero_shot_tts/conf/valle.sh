# VALL-E: both decoders, and the codec whose tokens they write.
mini_stages="1 7" libritts_stages="4 7"
parts=(autoregressive non_autoregressive "codec=${codec:-encodec}")
[[ $corpus == mini ]] || options=(--data "$data")
[[ ! $codec ]] || options+=(--codec "$codec")
controls=(prompt_text=PROMPT_TEXT stop_at_bound=true frames_per_token=6)
