#include "manual.hpp"

#include "drivers/core/command_line/documents.hpp"
#include "drivers/core/version/version.hpp"

namespace phyll {

void add_manual(CLI::App& app) {
    command_line::Page page{.program = "phylld",
                            .section = 8,
                            .version = version(),
                            .about = "trains physical neural networks on the rigs of a lab"};
    page.sections.push_back(
        {.title = "EXIT STATUS",
         .entries = {
             {"0", "It was stopped by SIGTERM or SIGINT, or has done what it was asked for."},
             {"1", "It cannot start, or an instrument is not known to be safe."},
             {"2", "The command line is wrong."},
             {"5", "The weights of a bundle are not what training it again gave."}}});
    page.sections.push_back(
        {.title = "SIGNALS",
         .entries = {
             {"SIGTERM, SIGINT",
              "Runs go back to the queue, from which they go on after the next start; rigs are "
              "made safe; phylld ends."},
             {"SIGHUP", "The configuration is read again."}}});
    page.sections.push_back(
        {.title = "ENVIRONMENT",
         .entries = {{"PHYLL_DATA_DIR",
                      "Folder of data files, where neither the command line nor the configuration "
                      "names one."},
                     {"PHYLL_LOCK_DIR",
                      "Folder of the locks of instruments, where the configuration names none."}}});
    page.sections.push_back(
        {.title = "FILES",
         .entries = {
             {"/etc/phylld/phylld.toml", "The configuration of the service phylld.service."},
             {"/var/lib/phylld",
              "Runs, keys and records of the service, and its socket phylld.sock, by which "
              "members of the group phylld are admins."},
             {"/run/lock/phylld",
              "Locks, by which no two programs of a machine drive one instrument."}}});
    page.sections.push_back(
        {.title = "SEE ALSO", .text = "phyllctl(1), phyllsim(1), phyllslm(1), phyllaudio(1)"});
    command_line::add_documents(app, std::move(page));
}

} // namespace phyll
