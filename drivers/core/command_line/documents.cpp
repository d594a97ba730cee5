#include "drivers/core/command_line/documents.hpp"

#include "drivers/core/command_line/completion.hpp"
#include "drivers/core/command_line/manual.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <utility>

namespace phyll::command_line {

void add_documents(CLI::App& app, Page page) {
    const std::string program = page.program;
    app.add_flag_callback("--manual",
                          [&app, page = std::move(page)] {
                              write_manual(app, page, std::cout);
                              std::cout << std::flush;
                              throw CLI::Success();
                          })
        ->group("");
    app.add_flag_callback("--completion",
                          [&app, program] {
                              write_completion(app, program, std::cout);
                              std::cout << std::flush;
                              throw CLI::Success();
                          })
        ->group("");
}

} // namespace phyll::command_line
