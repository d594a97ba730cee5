# cmake -DINPUT=<file> -DTEMPLATE=<file> -DOUTPUT=<file> -P embed_bytes.cmake
# Writes the template with @BYTES@ in it replaced by the bytes of the input: "0x0a,0x1b,...".
file(READ ${INPUT} hexadecimal HEX)
string(REGEX REPLACE "(..)" "0x\\1," BYTES "${hexadecimal}")
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
