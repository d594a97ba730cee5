# cmake -DINPUT=<file> -DTEMPLATE=<file> -DOUTPUT=<file> -P embed_bytes.cmake
# Writes the template with @BYTES@ in it replaced by the bytes of the input as they stand in a string
# literal, which compiles many times faster than a list of numbers: \x0a\x1b...
file(READ ${INPUT} hexadecimal HEX)
string(REGEX REPLACE "(..)" "\\\\x\\1" BYTES "${hexadecimal}")
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
