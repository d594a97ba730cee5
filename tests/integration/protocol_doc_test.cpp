// docs/protocol.md is all that the author of a client has: its table of methods and its exchange
// byte by byte are held to what the daemon does.

#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/admin.pb.h>
#include <phyll/v1/data.pb.h>
#include <phyll/v1/groups.pb.h>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

using namespace phyll;
using test::Answer;
using test::Daemon;
using test::RawPeer;

namespace {

std::vector<std::string> lines_of_document() {
    std::ifstream file(PHYLL_DOCS_DIR "/protocol.md");
    REQUIRE(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// The bytes of the block that begins with "```frame NAME": hexadecimal, up to the bar of each
/// line.
std::string frame(const std::string& name) {
    std::string bytes;
    bool inside = false;
    for (const std::string& line : lines_of_document()) {
        if (inside && line == "```") {
            return bytes;
        }
        if (inside) {
            std::istringstream words(line.substr(0, line.find('|')));
            for (std::string word; words >> word;) {
                REQUIRE(word.size() == 2);
                bytes += static_cast<char>(std::stoi(word, nullptr, 16));
            }
        }
        inside = inside || line == "```frame " + name;
    }
    FAIL("no frame " << name);
    return bytes;
}

struct Row {
    std::string role;
    std::string state;
};

/// The table of methods, by name.
std::map<std::string, Row> methods_of_document() {
    const std::regex row(R"(\| `(phyll\.v1\.\w+/\w+)` \| (\w+) \| ([\w ]+) \|.*)");
    std::map<std::string, Row> methods;
    for (const std::string& line : lines_of_document()) {
        std::smatch found;
        if (std::regex_match(line, found, row)) {
            REQUIRE(methods.emplace(found[1], Row{found[2], found[3]}).second);
        }
    }
    return methods;
}

/// Every method of the .proto files with its role.
std::map<std::string, std::string> methods_of_contract() {
    std::map<std::string, std::string> methods;
    for (const google::protobuf::FileDescriptor* file :
         {v1::ListKeysRequest::descriptor()->file(), v1::ListDataRequest::descriptor()->file(),
          v1::DescribeRequest::descriptor()->file(), v1::ListLeasesRequest::descriptor()->file(),
          v1::QueryRequest::descriptor()->file(), v1::ListRunsRequest::descriptor()->file(),
          v1::GroupRequest::descriptor()->file()}) {
        for (int s = 0; s < file->service_count(); ++s) {
            for (int m = 0; m < file->service(s)->method_count(); ++m) {
                const auto& method = *file->service(s)->method(m);
                const std::string role = v1::Role_Name(method.options().GetExtension(v1::role));
                methods[file->service(s)->full_name() + "/" + method.name()] = role;
            }
        }
    }
    return methods;
}

} // namespace

TEST_CASE("the document lists every method with its role, and whether it is served") {
    const std::map<std::string, Row> documented = methods_of_document();
    const std::map<std::string, std::string> contract = methods_of_contract();
    REQUIRE(documented.size() == contract.size());
    Daemon daemon;
    RawPeer peer(daemon.ipc());
    std::uint64_t id = 0;
    for (const auto& [name, role] : contract) {
        INFO(name);
        REQUIRE(documented.contains(name));
        const Row& row = documented.at(name);
        std::string wanted = "ROLE_";
        for (const char c : row.role) {
            wanted += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        }
        REQUIRE(wanted == role);
        // Bytes that are no message: what is served refuses them, and nothing is done.
        peer.send({RawPeer::request(name, ++id).SerializeAsString(), "\xff"});
        const Answer answer = peer.receive();
        REQUIRE(answer.header.id() == id);
        REQUIRE(v1::Code_Name(answer.code()) ==
                (row.state == "served" ? "INVALID_ARGUMENT" : "UNIMPLEMENTED"));
        REQUIRE((row.state == "served" || row.state == "not yet"));
    }
}

TEST_CASE("the document's exchange is the daemon's, byte by byte") {
    Daemon daemon;
    RawPeer peer(daemon.tcp());
    const std::vector<std::string> request{frame("request 1"), frame("request 2"),
                                           frame("request 3")};
    peer.send(request);
    const std::vector<std::string> reply = peer.receive_frames();
    REQUIRE(reply.size() == 3);
    REQUIRE(reply[0] == frame("reply 1"));
    REQUIRE(reply[2] == frame("reply 3"));
    // How long the hardware was busy is another time each time; all else is the same.
    v1::QueryReply received;
    v1::QueryReply documented;
    REQUIRE(received.ParseFromString(reply[1]));
    REQUIRE(documented.ParseFromString(frame("reply 2")));
    REQUIRE(documented.SerializeAsString() == frame("reply 2"));
    REQUIRE(received.hardware_seconds() > 0);
    received.set_hardware_seconds(documented.hardware_seconds());
    REQUIRE(received.SerializeAsString() == frame("reply 2"));

    std::string spoilt = request[2];
    const float drive = 1.5F;
    std::memcpy(spoilt.data() + 5 * sizeof drive, &drive, sizeof drive);
    peer.send({request[0], request[1], spoilt});
    REQUIRE(peer.receive_frames() == std::vector<std::string>{frame("refusal 1")});
}
