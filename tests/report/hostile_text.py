"""A text for every place where a text may stand."""

#: Would run, load or format something, wherever it is not taken as text.
HOSTILE = '<script>window.hacked = 1</script>"\'><img src=x onerror="window.hacked = 2">{{ 7 * 7 }}</script>&amp;\x07\ud800'
