// docs/protocol.md is all that the author of a client has: its table of methods and its exchange
// byte by byte are held to what the daemon does.

#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"

#include "daemon/rpc/limits.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/admin.pb.h>
#include <phyll/v1/data.pb.h>
#include <phyll/v1/groups.pb.h>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

#include <cctype>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
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

/// The rows of the table of methods, by the name of the method.
std::map<std::string, std::string> rows_of_document() {
    const std::regex row(R"(\| `(\w+/\w+)` \|.*)");
    std::map<std::string, std::string> rows;
    for (const std::string& line : lines_of_document()) {
        std::smatch found;
        if (std::regex_match(line, found, row)) {
            INFO(line);
            REQUIRE(rows.emplace(found[1], line).second);
        }
    }
    return rows;
}

/// Every method of the .proto files, in their order.
std::vector<const google::protobuf::MethodDescriptor*> methods_of_contract() {
    std::vector<const google::protobuf::MethodDescriptor*> methods;
    for (const google::protobuf::FileDescriptor* file :
         {v1::DescribeRequest::descriptor()->file(), v1::QueryRequest::descriptor()->file(),
          v1::ListRunsRequest::descriptor()->file(), v1::GroupRequest::descriptor()->file(),
          v1::ListDataRequest::descriptor()->file(), v1::ListLeasesRequest::descriptor()->file(),
          v1::ListKeysRequest::descriptor()->file()}) {
        for (int s = 0; s < file->service_count(); ++s) {
            for (int m = 0; m < file->service(s)->method_count(); ++m) {
                methods.push_back(file->service(s)->method(m));
            }
        }
    }
    return methods;
}

/// "Rigs/Query"
std::string name_of(const google::protobuf::MethodDescriptor& method) {
    return method.service()->name() + "/" + method.name();
}

/// The message's name, and that a payload goes with it where it describes one.
std::string cell(const google::protobuf::Descriptor& message, const std::string& before = "") {
    std::string text = "`" + before + message.name() + "`";
    for (int f = 0; f < message.field_count(); ++f) {
        if (message.field(f)->message_type() == v1::Block::descriptor()) {
            text += " + payload";
        }
    }
    return text;
}

/// What a method's row begins with; what is said of it at the end is free.
std::string begin_of_row(const google::protobuf::MethodDescriptor& method) {
    std::string role = v1::Role_Name(method.options().GetExtension(v1::role)).substr(5);
    for (char& c : role) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return "| `" + name_of(method) + "` | " +
           cell(*method.input_type(), method.client_streaming() ? "stream " : "") + " | " +
           cell(*method.output_type(), method.server_streaming() ? "stream " : "") + " | " + role +
           " | ";
}

/// A query of one sample on `rig`, whose payload holds `values`.
std::vector<std::string> query_frames(const std::string& rig, const std::vector<float>& values) {
    v1::QueryRequest query;
    query.set_rig(rig);
    query.mutable_stimuli()->set_channels(static_cast<std::uint32_t>(values.size()));
    query.mutable_stimuli()->set_samples(1);
    return {RawPeer::request("phyll.v1.Rigs/Query", 1).SerializeAsString(),
            query.SerializeAsString(),
            {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}};
}

/// The cells of the row of section 10 that begins with `what`.
std::string limit_of_document(const std::string& what) {
    for (const std::string& line : lines_of_document()) {
        if (line.starts_with("| " + what)) {
            return line;
        }
    }
    return "no row begins with " + what;
}

} // namespace

// When this fails for a method that was just served: add the row that it prints to section 11, and
// say behind it what the method does and which codes it answers.
TEST_CASE("the document's table has the methods that are served, their messages and roles") {
    std::map<std::string, std::string> rows = rows_of_document();
    Daemon daemon;
    RawPeer peer(daemon.ipc());
    std::uint64_t id = 0;
    std::string problems;
    for (const google::protobuf::MethodDescriptor* method : methods_of_contract()) {
        // Bytes that are no message: what is served refuses them, and nothing is done.
        const std::string full = "phyll.v1." + name_of(*method);
        peer.send({RawPeer::request(full, ++id).SerializeAsString(), "\xff"});
        const Answer answer = peer.receive();
        INFO(full << ": " << answer.message());
        REQUIRE(answer.header.id() == id);
        const bool served = answer.code() != v1::UNIMPLEMENTED;
        REQUIRE((!served || answer.code() == v1::INVALID_ARGUMENT));
        const std::string row = rows[name_of(*method)];
        rows.erase(name_of(*method));
        if (served && !row.starts_with(begin_of_row(*method))) {
            problems += "this row is missing or another:\n" + begin_of_row(*method) + "|\n";
        } else if (!served && !row.empty()) {
            problems += "not served:\n" + row + "\n";
        }
    }
    for (const auto& [name, row] : rows) {
        problems += "in no .proto file:\n" + row + "\n";
    }
    std::cerr << problems; // whole lines, to be copied
    REQUIRE(problems.empty());
}

TEST_CASE("a request with several faults is refused for the one that the document puts first") {
    Daemon daemon("[[rigs]]\nname = \"box\"\nkind = \"echo\"\n"
                  "[rigs.simulation]\nfaults = [{ kind = \"hang\", at_query = 0 }]\n");
    RawPeer peer(daemon.tcp());
    const auto refused = [&](const std::vector<std::string>& frames, v1::Code code,
                             const std::string& says) {
        peer.send(frames);
        const Answer answer = peer.receive();
        INFO(answer.message());
        REQUIRE(v1::Code_Name(answer.code()) == v1::Code_Name(code));
        REQUIRE(answer.message().find(says) != std::string::npos);
    };
    const auto header = [](const std::string& method, std::uint64_t id, std::uint32_t version = 1) {
        v1::Header out = RawPeer::request(method, id);
        out.set_version(version);
        return out.SerializeAsString();
    };
    std::vector<std::string> hanging = query_frames("box", std::vector<float>(16));
    hanging[0] = header("phyll.v1.Rigs/Query", 9);
    peer.send(hanging);

    refused({header("phyll.v1.Rigs/Qurey", 9, 2)}, v1::INVALID_ARGUMENT, "id: request 9");
    refused({header("phyll.v1.Rigs/Qurey", 1, 2)}, v1::FAILED_PRECONDITION, "version 2");
    refused({header("phyll.v1.Rigs/Qurey", 1)}, v1::UNIMPLEMENTED, "no method");
    refused({header("phyll.v1.Admin/ListKeys", 1)}, v1::PERMISSION_DENIED, "ROLE_ADMIN");
    refused({header("phyll.v1.Rigs/Query", 1), "\xff"}, v1::INVALID_ARGUMENT, "the body");
    std::vector<std::string> query = query_frames("bax", {1.5F});
    query[2].pop_back();
    refused(query, v1::NOT_FOUND, "'bax'");
    query[1] = query_frames("box", {1.5F})[1];
    refused(query, v1::INVALID_ARGUMENT, "payload has 3 bytes");
    refused(query_frames("box", {1.5F}), v1::FAILED_PRECONDITION, "held by");

    v1::Header cancel;
    cancel.set_kind(v1::CANCEL);
    cancel.set_id(9);
    peer.send({cancel.SerializeAsString()});
    REQUIRE(peer.receive().code() == v1::CANCELLED);
    // With `wait`, since the rig may not have been made safe yet.
    const auto patient = [](std::vector<std::string> frames) {
        v1::QueryRequest body;
        REQUIRE(body.ParseFromString(frames[1]));
        body.set_wait(true);
        frames[1] = body.SerializeAsString();
        return frames;
    };
    refused(patient(query_frames("box", {1.5F})), v1::INVALID_ARGUMENT, "16 inputs");
    refused(patient(query_frames("box", std::vector<float>(16, 1.5F))), v1::OUT_OF_RANGE,
            "stimuli[0][0]: drive 1.5");
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

    std::string without_version = request[0];
    without_version.resize(without_version.size() - 2);
    peer.send({without_version, request[1], request[2]});
    REQUIRE(peer.receive_frames() == std::vector<std::string>{frame("refusal 1")});
}

TEST_CASE("the document states the limits that there are") {
    const auto states = [](const std::string& what, const std::string& figure) {
        INFO(limit_of_document(what));
        REQUIRE_THAT(limit_of_document(what), Catch::Matchers::Contains(" " + figure));
    };
    const auto mebibytes = [](std::size_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; };
    const auto both = [&](std::size_t one, std::size_t all) {
        return mebibytes(one) + ", " + std::to_string(all >> 30U) + " GiB |";
    };
    const rpc::ClientLimits usual;
    states("requests in flight", std::to_string(usual.calls));
    states("connections of one key", std::to_string(usual.connections));
    states("bytes of requests", both(rpc::most_asked, rpc::most_asked_by_all));
    states("a frame", mebibytes(rpc::largest_frame));
    states("a header", std::to_string(rpc::largest_header >> 10U) + " KiB");
    states("a body", mebibytes(rpc::largest_body));
    states("frames of a message", std::to_string(rpc::most_frames));
    states("messages waiting", std::to_string(rpc::send_queue));
    states("bytes of messages of 8 KiB and more", both(usual.unread, rpc::most_unread_by_all));
    REQUIRE(rpc::smallest_counted == 8U << 10U);
    REQUIRE(rpc::little == 1U << 20U);
}

TEST_CASE("what is beyond a limit is met as the document says") {
    Daemon daemon;
    RawPeer peer(daemon.tcp());
    v1::Header header = RawPeer::request("phyll.v1.Lab/Describe", 1);
    header.set_method(std::string(rpc::largest_header, 'm'));
    peer.send({header.SerializeAsString(), ""});
    peer.expect_service(); // it was dropped
    header.set_method("phyll.v1.Lab/Describe");
    peer.send({header.SerializeAsString(), std::string(rpc::largest_body + 1, '\0')});
    REQUIRE(peer.receive().code() == v1::INVALID_ARGUMENT);
    std::vector<std::string> frames(2 * rpc::most_frames);
    frames[0] = header.SerializeAsString();
    peer.send(frames);
    REQUIRE(peer.receive().code() == v1::OK);
}
