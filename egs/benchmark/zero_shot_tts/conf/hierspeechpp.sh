# HierSpeech++: text-to-vec and the hierarchical synthesizer.
mini_stages="1 5" libritts_stages="4 6"
parts=(text_to_vec synthesizer)
[[ $corpus == mini ]] || options=(--data "$data")
