# tenon_add_package(NAME FILE [OPTIONS OPTION...]): target NAME builds NAME.tnb from FILE (.tn or .mlir) with tenonc.
# The package's path is in the target's property TENON_PACKAGE; it lands in packages/ of the build folder. In a build
# without the compiler, tenonc on PATH is taken.
function(tenon_add_package name file)
  cmake_parse_arguments(arg "" "" "OPTIONS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tenon_add_package(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  get_filename_component(source "${file}" ABSOLUTE)
  set(folder "${CMAKE_BINARY_DIR}/packages")
  set(package "${folder}/${name}.tnb")
  if(TENON_BUILD_COMPILER)
    set(compiler tenonc)
  else()
    find_program(TENONC tenonc)
    if(NOT TENONC)
      message(STATUS "Package ${name} is left out: no compiler in this build and no tenonc on PATH")
      return()
    endif()
    set(compiler "${TENONC}")
  endif()
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(OUTPUT "${package}"
    COMMAND ${compiler} "${source}" -o "${package}" ${arg_OPTIONS}
    DEPENDS "${source}" ${compiler}
    COMMENT "Compiling ${name}.tnb" VERBATIM)
  add_custom_target(${name} ALL DEPENDS "${package}")
  set_target_properties(${name} PROPERTIES TENON_PACKAGE "${package}")
endfunction()
