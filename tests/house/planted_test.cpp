// SPDX-License-Identifier: Apache-2.0
// Plants a violation of each kind in a small tree and expects it to be found, with file and line.
#include "tests/house/rules.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace {

const std::string licence = "// SPDX-License-Identifier: Apache-2.0\n";

/// A source file that breaks no rule, with `lines` from line 3 on.
std::string source(const std::string& lines) {
  return licence + "// A file.\n" + lines;
}

/// A header that breaks no rule, with `lines` from line 4 on.
std::string header(const std::string& lines = "") {
  return source("#pragma once\n" + lines);
}

/// A small house in a folder of its own, gone when the test ends.
struct small_house {
  small_house() {
    auto pattern = (fs::temp_directory_path() / "holdfast-house-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error{"cannot make " + pattern};
    root = pattern;
    fs::copy_file(fs::path{HOLDFAST_SOURCE} / ".clang-format", root / ".clang-format");
    write("CMakeLists.txt", cmake("add_subdirectory(messages)\nadd_subdirectory(actors)\n"
                                  "add_subdirectory(persistence)\nadd_subdirectory(runtime)\n"
                                  "add_subdirectory(tools)\n"));
    write("messages/CMakeLists.txt", cmake("holdfast_room(m HEADERS event.hpp)\n"));
    write("messages/event.hpp", header("\n#include <string>\n"));
    write("persistence/CMakeLists.txt", cmake("holdfast_room(p SOURCES journal.cpp)\n"));
    write("persistence/journal.hpp", header("\n#include \"messages/event.hpp\"\n"));
    write("persistence/journal.cpp", source("#include \"persistence/journal.hpp\"\n\n"
                                            "#include <rocksdb/db.h>\n"
                                            "#include <unistd.h>\n\n"
                                            "#include <mutex>\n\n"
                                            "std::mutex guard;\n"));
    write("actors/CMakeLists.txt",
          cmake("holdfast_room(a SOURCES breaker/breaker.cpp breaker/breaker_actor.cpp)\n"));
    write("actors/breaker/breaker.hpp", header("\n#include \"messages/event.hpp\"\n"));
    write("actors/breaker/breaker.cpp", source("#include \"actors/breaker/breaker.hpp\"\n"));
    write("actors/breaker/breaker_actor.cpp",
          source("#include \"actors/breaker/breaker.hpp\"\n\n#include <caf/all.hpp>\n"));
    write("runtime/CMakeLists.txt",
          cmake("holdfast_room(r SOURCES plan.cpp HEADERS runtime.hpp)\n"));
    write("runtime/runtime.hpp", header("\n#include \"messages/event.hpp\"\n"));
    write("runtime/plan.cpp", source("#include \"runtime/runtime.hpp\"\n\n"
                                     "#include <toml++/toml.h>\n"));
    write("tools/CMakeLists.txt", cmake("add_executable(holdfast main.cpp)\n"));
    write("tools/main.cpp", source("#include \"runtime/runtime.hpp\"\n\n"
                                   "#include <CLI/CLI.hpp>\n"));
  }
  ~small_house() { fs::remove_all(root); }
  small_house(const small_house&) = delete;
  small_house& operator=(const small_house&) = delete;

  static std::string cmake(const std::string& lines) {
    return "# SPDX-License-Identifier: Apache-2.0\n" + lines;
  }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream{root / path} << text;
  }

  /// Every rule but formatting, which starts a program, unless it is asked for.
  house::violations inspect(bool also_formatting = false) const {
    const auto all = house::read_tree(root);
    house::violations found;
    for (const auto rule : {house::includes, house::banned_words, house::orphans, house::layout,
                            house::markers, house::first_lines})
      for (const auto& one : rule(all))
        found.push_back(one);
    if (also_formatting && house::clang_format())
      for (const auto& one : house::formatting(all))
        found.push_back(one);
    return found;
  }

  /// Writes the file and expects exactly this one violation.
  void expect(const std::string& path, const std::string& text, std::size_t line,
              const std::string& rule) const {
    write(path, text);
    expect_found(path, line, rule);
  }

  void expect_found(const std::string& path, std::size_t line, const std::string& rule) const {
    const auto found = inspect(rule == "formatting");
    BOOST_TEST_CONTEXT(path << ":" << line << ": " << rule) {
      for (const auto& one : found)
        BOOST_TEST_MESSAGE(one.file << ":" << one.line << ": " << one.rule << ": " << one.what);
      BOOST_TEST_REQUIRE(found.size() == 1U);
      BOOST_TEST(found[0].file == path);
      BOOST_TEST(found[0].line == line);
      BOOST_TEST(found[0].rule == rule);
      BOOST_TEST(!found[0].what.empty());
    }
  }

  fs::path root;
};

} // namespace

BOOST_AUTO_TEST_SUITE(a_small_house)

BOOST_FIXTURE_TEST_CASE(that_keeps_the_rules_is_left_alone, small_house) {
  for (const auto& [file, line, rule, what] : inspect(true))
    BOOST_ERROR(file << ":" << line << ": " << rule << ": " << what);
  BOOST_TEST(house::installed_headers(house::read_tree(root)).size() == 2U);
}

BOOST_AUTO_TEST_CASE(shows_each_include_that_the_table_forbids) {
  struct row {
    std::string file, include;
  };
  const std::vector<row> rows{
      {"messages/event.hpp", "<caf/all.hpp>"},
      {"messages/event.hpp", "<unistd.h>"},
      {"messages/event.hpp", "<nlohmann/json.hpp>"},
      {"messages/event.hpp", "\"persistence/journal.hpp\""},
      {"persistence/journal.hpp", "<caf/actor.hpp>"},
      {"persistence/journal.hpp", "<spdlog/spdlog.h>"},
      {"persistence/journal.hpp", "<nlohmann/json.hpp>"},
      {"persistence/journal.hpp", "\"actors/breaker/breaker.hpp\""},
      {"actors/breaker/breaker.hpp", "<caf/all.hpp>"},
      {"actors/breaker/breaker.hpp", "<thread>"},
      {"actors/breaker/breaker.hpp", "<random>"},
      {"actors/breaker/breaker.hpp", "\"persistence/journal.hpp\""},
      {"actors/retry/retry_actor.hpp", "<spdlog/spdlog.h>"},
      {"actors/retry/retry_actor.hpp", "\"persistence/journal.hpp\""},
      {"actors/telemetry/telemetry.hpp", "<spdlog/spdlog.h>"},
      {"actors/journal/journal_actor.hpp", "<rocksdb/db.h>"},
      {"runtime/runtime.hpp", "<caf/all.hpp>"},
      {"runtime/runtime.hpp", "<boost/asio.hpp>"},
      {"runtime/runtime.hpp", "\"persistence/journal.hpp\""},
      {"runtime/config.hpp", "<rocksdb/db.h>"},
      {"runtime/config.hpp", "<msgpack.hpp>"},
      {"runtime/config.hpp", "<boost/beast.hpp>"},
      {"runtime/config.hpp", "<curl/curl.h>"},
      {"runtime/config.hpp", "<nlohmann/json.hpp>"},
      {"runtime/config.hpp", "<unistd.h>"},
      {"runtime/http/server.hpp", "<curl/curl.h>"},
      {"runtime/http/server.hpp", "<toml++/toml.h>"},
      {"runtime/upstream/fetch.hpp", "<boost/beast.hpp>"},
      {"runtime/os/process.hpp", "<prometheus/registry.h>"},
      {"tools/table.hpp", "<caf/all.hpp>"},
      {"tools/table.hpp", "<rocksdb/db.h>"},
      {"tools/table.hpp", "\"actors/breaker/breaker.hpp\""},
      {"tools/table.hpp", "<some/unknown.hpp>"},
      {"tools/table.hpp", "\"missing.hpp\""},
      {"tools/table.hpp", "<messages/event.hpp>"},
      {"examples/small.hpp", "\"persistence/journal.hpp\""},
  };
  for (const auto& [file, include] : rows)
    BOOST_TEST_CONTEXT(file << " includes " << include) {
      const small_house house;
      house.expect(file, header("\n#include " + include + "\n"), 5, "include");
    }
}

BOOST_AUTO_TEST_CASE(allows_each_owner_its_library) {
  struct row {
    std::string file, include;
  };
  const std::vector<row> rows{
      {"actors/telemetry/telemetry_actor.hpp", "<spdlog/spdlog.h>"},
      {"actors/journal/journal_actor.hpp", "\"persistence/journal.hpp\""},
      {"actors/carry_out.hpp", "<caf/all.hpp>"},
      {"runtime/http/server.hpp", "<boost/beast/http.hpp>"},
      {"runtime/http/server.hpp", "<nlohmann/json.hpp>"},
      {"runtime/upstream/fetch.hpp", "<curl/curl.h>"},
      {"runtime/os/process.hpp", "<sys/wait.h>"},
      {"runtime/config.hpp", "<toml++/toml.h>"},
      {"runtime/config.hpp", "<prometheus/registry.h>"},
      {"tools/table.hpp", "<nlohmann/json.hpp>"},
      {"tools/bench/raw.hpp", "<rocksdb/db.h>"},
      {"tests/any_test.hpp", "<rocksdb/db.h>"},
  };
  for (const auto& [file, include] : rows)
    BOOST_TEST_CONTEXT(file << " includes " << include) {
      const small_house house;
      house.write(file, header("\n#include " + include + "\n"));
      BOOST_TEST(house.inspect().empty());
    }
}

BOOST_FIXTURE_TEST_CASE(shows_a_source_that_hides_what_its_header_lacks, small_house) {
  expect("persistence/journal.cpp",
         source("#include <string>\n\n#include \"persistence/journal.hpp\"\n"), 3, "include");
}

BOOST_AUTO_TEST_CASE(shows_each_banned_word_outside_its_owner) {
  for (const std::string line : {
           "auto now = std::chrono::system_clock::now();",
           "auto now = std::chrono::steady_clock::now();",
           "std::random_device chance;",
           "auto rest = std::this_thread::sleep_for(1);",
           "std::thread worker;",
           "std::mutex guard;",
       })
    for (const std::string file : {"actors/breaker/breaker.hpp", "runtime/runtime.hpp"})
      BOOST_TEST_CONTEXT(file << ": " << line) {
        const small_house house;
        house.expect(file, header("\n" + line + "\n"), 5, "banned word");
      }
  const small_house house;
  house.write("runtime/os/clock.hpp", header("\nauto now = std::chrono::steady_clock::now();\n"));
  house.write("tools/bench/raw.hpp", header("\nstd::thread worker;\n"));
  house.expect("persistence/disk.hpp", header("\nauto now = std::chrono::system_clock::now();\n"),
               5, "banned word");
}

BOOST_FIXTURE_TEST_CASE(may_talk_about_banned_words, small_house) {
  write("runtime/runtime.hpp", header("\n/// No std::mutex here.\n"
                                      "/* nor\n   steady_clock::now */\n"
                                      "const auto text = \"std::thread\";\n"
                                      "const auto raw = R\"(\n  sleep_for\n)\";\n"
                                      "const auto many = 1'000'000; // std::thread\n"));
  BOOST_TEST(inspect().empty());
}

BOOST_FIXTURE_TEST_CASE(shows_a_banned_word_behind_tricky_text, small_house) {
  expect("runtime/runtime.hpp",
         header("\nconst auto quote = '\"';\nconst auto both = pair{\"//\", std::mutex{}};\n"
                "// a comment\n"),
         6, "banned word");
}

BOOST_FIXTURE_TEST_CASE(shows_a_source_of_no_target, small_house) {
  expect("actors/breaker/forgotten.cpp", source(""), 1, "orphan");
}

BOOST_FIXTURE_TEST_CASE(shows_a_test_of_no_target, small_house) {
  expect("tests/actors/breaker_test.cpp", source(""), 1, "orphan");
}

BOOST_FIXTURE_TEST_CASE(shows_a_test_script_of_no_target, small_house) {
  expect("tests/actors/breaker.sh", "#!/bin/bash\n# SPDX-License-Identifier: Apache-2.0\n", 1,
         "orphan");
}

BOOST_FIXTURE_TEST_CASE(knows_sources_named_by_a_function_and_imported_scripts, small_house) {
  write("CMakeLists.txt", cmake("add_subdirectory(messages)\nadd_subdirectory(actors)\n"
                                "add_subdirectory(persistence)\nadd_subdirectory(runtime)\n"
                                "add_subdirectory(tools)\nadd_subdirectory(tests)\n"));
  write("tests/CMakeLists.txt", cmake("function(fuzz name)\n"
                                      "  add_executable(${name} ${name}_fuzz.cpp)\n"
                                      "endfunction()\nfuzz(record)\nadd_test(faults.py)\n"));
  write("tests/record_fuzz.cpp", source(""));
  write("tests/faults.py", cmake("import oracle\n"));
  write("tests/oracle.py", cmake(""));
  BOOST_TEST(inspect().empty());
  expect("tests/mirror_fuzz.cpp", source(""), 1, "orphan");
}

BOOST_FIXTURE_TEST_CASE(shows_a_folder_that_no_cmake_file_enters, small_house) {
  write("tests/CMakeLists.txt", cmake("add_subdirectory(nothing)\n"));
  expect_found("tests/CMakeLists.txt", 1, "orphan");
}

BOOST_FIXTURE_TEST_CASE(shows_a_long_line_by_its_characters, small_house) {
  std::string umlauts;
  for (int i = 0; i < 97; ++i)
    umlauts += "\u00e4";
  write("runtime/runtime.hpp", header("// " + umlauts + "\n"));
  BOOST_TEST(inspect().empty());
  expect("runtime/CMakeLists.txt",
         cmake("holdfast_room(r SOURCES plan.cpp HEADERS runtime.hpp)\n\n# " + umlauts + "xx\n"), 4,
         "line length");
}

BOOST_FIXTURE_TEST_CASE(shows_blanks_nobody_sees, small_house) {
  expect("tools/CMakeLists.txt", cmake("add_executable(holdfast main.cpp) \n"), 2, "blanks");
}

BOOST_FIXTURE_TEST_CASE(shows_unfinished_business, small_house) {
  expect("runtime/runtime.hpp",
         header("// TO"
                "DO: the rest\n"),
         4, "marker");
  expect("runtime/runtime.hpp",
         header("// FIX"
                "ME\n"),
         4, "marker");
}

BOOST_FIXTURE_TEST_CASE(shows_a_file_without_its_licence, small_house) {
  expect("tools/table.hpp", "// A table.\n#pragma once\n", 1, "first lines");
}

BOOST_FIXTURE_TEST_CASE(shows_a_script_without_its_licence, small_house) {
  expect("tools/start", "#!/bin/bash\nset -e\n", 2, "first lines");
}

BOOST_FIXTURE_TEST_CASE(shows_a_file_that_does_not_say_what_it_is, small_house) {
  expect("tools/table.hpp", licence + "#pragma once\n", 2, "first lines");
}

BOOST_FIXTURE_TEST_CASE(shows_a_header_without_its_guard, small_house) {
  expect("tools/table.hpp", source(""), 3, "first lines");
}

BOOST_FIXTURE_TEST_CASE(shows_a_file_that_is_not_formatted, small_house) {
  if (house::clang_format())
    expect("runtime/runtime.hpp", header("\nint  a;\n"), 5, "formatting");
  else
    BOOST_TEST_MESSAGE("skipped: clang-format 14 is not installed (tools/check installs it)");
}

BOOST_FIXTURE_TEST_CASE(shows_a_behaviour_without_a_history, small_house) {
  const std::string place = "tests/histories/supervision/";
  write(place + "36-37-not-for-instances.history", "start\n");
  write(place + "gap-2-hangs.history", "start\n");
  write(place + "README.md", "- gap-8: is this folder\n- gap-9: \n");
  const auto found = house::histories(house::read_tree(root));
  BOOST_TEST(found.size() == 43U - 2U + 9U - 2U);
}

BOOST_FIXTURE_TEST_CASE(shows_every_violation_at_once, small_house) {
  write("tools/table.hpp", header("\n#include <caf/all.hpp>\n\nstd::thread worker; // TO"
                                  "DO\n"));
  write("tools/forgotten.cpp", source(""));
  BOOST_TEST(inspect().size() == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
