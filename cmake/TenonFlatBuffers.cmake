# tenon_flatbuffer(TARGET schema.fbs): an interface library with the schema's generated header on its include path.
find_program(FLATC flatc REQUIRED)
function(tenon_flatbuffer target schema)
  get_filename_component(name ${schema} NAME_WE)
  set(dir "${CMAKE_CURRENT_BINARY_DIR}/generated")
  set(header "${dir}/${name}_generated.h")
  add_custom_command(OUTPUT "${header}"
    COMMAND ${FLATC} --cpp --cpp-std c++17 --scoped-enums --gen-object-api -o "${dir}" "${CMAKE_CURRENT_SOURCE_DIR}/${schema}"
    DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${schema}" VERBATIM)
  add_custom_target(${target}Header DEPENDS "${header}")
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}Header)
  target_include_directories(${target} SYSTEM INTERFACE "${dir}")
endfunction()
