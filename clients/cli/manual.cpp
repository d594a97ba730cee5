#include "app.hpp"

#include "drivers/core/command_line/documents.hpp"
#include "drivers/core/version/version.hpp"

namespace phyll::cli {

void add_manual(App& app) {
    command_line::Page page{.program = "phyllctl",
                            .section = 1,
                            .version = version(),
                            .about = "drives a phylld: its rigs, its training runs, its data"};
    page.sections.push_back(
        {.title = "EXIT STATUS",
         .entries = {
             {"0", "Done."},
             {"1", "A failure inside phylld or phyllctl."},
             {"2", "The command line, a file or a value is wrong."},
             {"3", "There is no such rig, run or file."},
             {"4", "No phylld answers, the connection was lost, or the rig is out of order."},
             {"5", "The watched run, or a member of the watched group, failed or was cancelled."},
             {"6",
              "Refused: the rig is held, stopped or disabled, the run is over, the role does not "
              "allow it, the key is not known."},
             {"7", "A deadline passed, the call was cancelled, or its lease ended."},
             {"8", "This phylld does not offer that."}}});
    page.sections.push_back(
        {.title = "ENVIRONMENT",
         .entries = {{"PHYLL_ENDPOINT, PHYLL_LAB", "Where phylld is: as --endpoint and --lab."},
                     {"PHYLL_SERVER_KEY, PHYLL_KEY", "Keys: as --server-key and --key."},
                     {"PHYLL_LEASE", "As --lease."}}});
    page.sections.push_back(
        {.title = "FILES",
         .entries = {{"~/.config/phyll/client.key", "The user's own key."},
                     {"~/.config/phyll/profiles.toml", "The labs that --lab knows."},
                     {"/var/lib/phylld/phylld.sock",
                      "The socket of this machine's phylld, for members of the group phylld."}}});
    page.sections.push_back({.title = "SEE ALSO", .text = "phylld(8), phyllsim(1)"});
    command_line::add_documents(app.commands(), std::move(page));
}

} // namespace phyll::cli
