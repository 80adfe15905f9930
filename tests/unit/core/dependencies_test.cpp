#include "core/dependencies.hpp"

#include "stage.hpp"

namespace foster::core::testing {
namespace {

Service following(std::string name, std::vector<std::string> after) {
  return with(service(std::move(name)), [&](Service& s) { s.after = std::move(after); });
}

std::vector<DependencyProblem> problems_of(std::vector<Service> services) {
  return check_dependencies({.name = "test", .services = std::move(services)});
}

TEST(DependencyCheck, FindsNothingWrongInATree) {
  EXPECT_TRUE(problems_of({needing("c", {"a", "b"}), following("b", {"a"}), service("a")}).empty());
}

TEST(DependencyCheck, UnknownNameIsReportedWithItsKey) {
  const auto problems = problems_of({needing("app", {"redsi"}), following("web", {"ap"})});
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].kind, DependencyProblem::Kind::unknown_name);
  EXPECT_EQ(problems[0].service, "app");
  EXPECT_EQ(problems[0].key, "needs");
  EXPECT_EQ(problems[0].name, "redsi");
  EXPECT_EQ(problems[1].key, "after");
  EXPECT_EQ(problems[1].text, "comes after ap, which is no service");
}

TEST(DependencyCheck, CycleIsReportedOnceAndWhole) {
  const auto problems = problems_of({needing("c", {"a"}), needing("a", {"b"}), needing("b", {"c"})});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].kind, DependencyProblem::Kind::cycle);
  EXPECT_EQ(problems[0].text, "c -> a -> b -> c");
  EXPECT_EQ(problems[0].service, "c");
  EXPECT_EQ(problems[0].key, "needs");
}

TEST(DependencyCheck, NeedsAndAfterTogetherMakeACycle) {
  const auto problems = problems_of({needing("a", {"b"}), following("b", {"a"})});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].text, "a -> b -> a");
}

TEST(DependencyCheck, ServiceThatNeedsItselfIsACycle) {
  const auto problems = problems_of({needing("a", {"a"})});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].text, "a -> a");
}

TEST(DependencyCheck, EachOfTwoCyclesIsReported) {
  EXPECT_EQ(problems_of({needing("a", {"b"}), needing("b", {"a"}), needing("c", {"d"}), needing("d", {"c"})}).size(),
            2U);
}

TEST(StartOrder, PutsNeedsFirstAndKeepsTheOrderOfTheFileOtherwise) {
  const Model model{.name = "test", .services = {needing("app", {"redis"}), service("x"), service("redis")}};
  EXPECT_EQ(start_order(model), (std::vector<std::uint32_t>{2, 0, 1}));
}

TEST(DependencyGraphWithACycle, LeavesOutTheEdgeThatClosesIt) {
  const Service a = needing("a", {"b"});
  const Service b = needing("b", {"a"});
  const std::vector<const Service*> services{&a, &b};
  const DependencyGraph graph(services);
  EXPECT_EQ(graph.needs(0).size() + graph.needs(1).size(), 1U);
}

TEST(FleetWithACycle, StillComesUpAndGoesDown) {
  Stage stage({needing("a", {"b"}), needing("b", {"a"})});
  stage.bring_up("b");
  stage.bring_up("a");
  (void)stage.fleet.shut_down(0, {CauseKind::shutdown, {}, {}}, stage.now);
  stage.crash("a", 0);
  stage.crash("b", 0);
  EXPECT_EQ(stage.all<action::Exit>().size(), 1U);
}

}  // namespace
}  // namespace foster::core::testing
