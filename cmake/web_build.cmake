# Run as a script by the rule in web.cmake: installs web/'s packages if they are out of date, builds, embeds.
function(run)
    execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WEB} OUTPUT_VARIABLE output ERROR_VARIABLE output
        RESULT_VARIABLE status)
    if(status)
        message(FATAL_ERROR "${ARGN}\n${output}")
    endif()
endfunction()

# IS_NEWER_THAN is also true for a file that is missing and for equal times: then npm only costs seconds.
if(${WEB}/package-lock.json IS_NEWER_THAN ${WEB}/node_modules/.package-lock.json)
    run(${NPM} ci --no-audit --no-fund)
endif()
run(${NODE} ${WEB}/node_modules/vite/bin/vite.js build --outDir ${OUT}/dist --emptyOutDir --logLevel warn)
run(${NODE} ${WEB}/tools/embed.mjs ${OUT}/dist ${OUT})
