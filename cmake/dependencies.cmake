# Libraries, all from the distribution's packages (names: scripts/packages). A folder links the ones it wraps, nobody else.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(LibXml2 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)

find_path(ISAL_INCLUDE isa-l.h REQUIRED)
find_library(ISAL_LIBRARY isal REQUIRED)
add_library(isal INTERFACE)
target_include_directories(isal SYSTEM INTERFACE ${ISAL_INCLUDE})
target_link_libraries(isal INTERFACE ${ISAL_LIBRARY})
