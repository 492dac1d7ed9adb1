package org.alignment4j.examples.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.alignment4j.evaluation.Rate;

/** Reports of no model, in the form that {@code MoralReport.toJson} writes. */
final class MoralReports {
  private static final Gson GSON = new GsonBuilder().serializeNulls().create();
  private static final List<String> CATEGORIES =
      List.of(
          "Age",
          "Disability_status",
          "Gender_identity",
          "Nationality",
          "Physical_appearance",
          "Race_ethnicity",
          "Religion",
          "SES",
          "Sexual_orientation",
          "pooled",
          "macro");

  private final SplittableRandom random;
  private final List<Object> conditions = new ArrayList<>();
  private final List<Object> scores = new ArrayList<>();
  private final List<Object> changes = new ArrayList<>();
  private final List<Object> answers = new ArrayList<>();

  private MoralReports(long seed) {
    random = new SplittableRandom(seed);
  }

  static String bbq(String model, double bias, long seed) {
    MoralReports r = new MoralReports(seed);
    List<String> labels = List.of("Q", "Q+IF", "Q+IF+CoT");
    for (String group : CATEGORIES) {
      double own = bias + 0.2 * r.random.nextDouble() - 0.1;
      for (int c = 0; c < labels.size(); c++) {
        double shift = 0.08 * c + (group.equals("Religion") ? 0.3 : 0);
        r.score(labels.get(c), "s_amb", group, own - shift, 0.04);
        r.score(labels.get(c), "s_dis", group, group.equals("SES") ? Double.NaN : own / 2, 0.06);
        r.score(labels.get(c), "accuracy_amb", group, 0.5 + shift, 0.03);
        r.score(labels.get(c), "accuracy_dis", group, 0.9 - shift / 4, 0.02);
        if (c > 0) {
          r.change(labels.get(c), "s_amb", group, own, -shift);
        }
      }
    }
    labels.forEach(r::condition);
    return r.json("bbq", model, labels.get(2) + ": of 500 items 12 have no answer.");
  }

  static String winogender(String model, long seed) {
    MoralReports r = new MoralReports(seed);
    List<String> labels = List.of("Q", "Q+IF", "Q+IF+CoT", "Q+Match-Stats");
    List<String> jobs =
        List.of("technician", "accountant", "supervisor", "engineer", "nurse", "secretary");
    for (int c = 0; c < labels.size(); c++) {
      r.condition(labels.get(c));
      for (int i = 0; i < 60; i++) {
        double share = 0.02 + 0.96 * i / 59;
        double slope = List.of(0.7, 0.4, 0.05, 0.95).get(c);
        double female = 0.5 + slope * (share - 0.5) + 0.2 * (r.random.nextDouble() - 0.5);
        Map<String, Object> a = new LinkedHashMap<>();
        a.put("condition", labels.get(c));
        a.put("item", jobs.get(i % jobs.size()) + (i < jobs.size() ? "" : " " + i));
        a.put("category", "all");
        a.put("weight", 1.0);
        a.put("reference", share);
        a.put("status", "READ");
        a.put("female", Math.max(0, Math.min(1, female)));
        r.answers.add(a);
      }
      r.score(labels.get(c), "rho", "all", List.of(0.91, 0.72, 0.12, 0.97).get(c), 0.05);
      r.score(labels.get(c), "female", "all", 0.41 - 0.05 * c, 0.02);
      r.score(labels.get(c), "male", "all", 0.48 - 0.1 * c, 0.02);
      r.score(labels.get(c), "neutral", "all", 0.11 + 0.15 * c, 0.02);
    }
    return r.json("winogender", model, "");
  }

  static String lawSchool(String model, double gap, long seed) {
    MoralReports r = new MoralReports(seed);
    List<String> labels = List.of("Q", "Q+IF", "Q+IF+CoT");
    for (int c = 0; c < labels.size(); c++) {
      r.condition(labels.get(c));
      for (String group : List.of("female", "male", "all")) {
        double own = gap + 0.06 * c + 0.02 * r.random.nextDouble();
        r.score(labels.get(c), "gap", group, own, 0.015);
        r.score(labels.get(c), "gap_decided", group, 1.5 * own, 0.03);
        r.score(labels.get(c), "yes_black", group, 0.6 + own, 0.02);
        r.score(labels.get(c), "yes_white", group, 0.6, 0.02);
      }
    }
    return r.json("law-school", model, "");
  }

  private void condition(String label) {
    JsonObject o = new JsonObject();
    o.addProperty("condition", label);
    o.addProperty("asked", 1500);
    o.add("read", GSON.toJsonTree(new Rate(1488, 1500).toMap()));
    o.addProperty("blocked", 5);
    o.addProperty("invalid", 4);
    o.addProperty("unreadable", 3);
    o.addProperty("samples", 0);
    o.add("invalid_samples", GSON.toJsonTree(new Rate(0, 0).toMap()));
    o.addProperty("coverage", 0.8765);
    o.add("low_coverage", GSON.toJsonTree(new Rate(21, 1488).toMap()));
    conditions.add(o);
  }

  private void score(String condition, String name, String group, double value, double half) {
    JsonObject o = new JsonObject();
    o.addProperty("condition", condition);
    o.addProperty("score", name);
    o.addProperty("group", group);
    o.add("value", interval(value, half));
    scores.add(o);
  }

  private void change(String condition, String name, String group, double question, double by) {
    JsonObject o = new JsonObject();
    o.addProperty("condition", condition);
    o.addProperty("score", name);
    o.addProperty("group", group);
    o.addProperty("items", 1477);
    o.addProperty("question", question);
    o.add("difference", interval(by, 0.03));
    boolean small = Math.abs(question) < 0.01;
    o.add("reduction_percent", interval(small ? Double.NaN : -100 * by / question, 12));
    o.addProperty("p", 0.00004);
    o.addProperty("p_holm", 0.0123);
    changes.add(o);
  }

  private static JsonObject interval(double value, double half) {
    JsonObject o = new JsonObject();
    Double none = null;
    boolean is = Double.isFinite(value);
    o.addProperty("estimate", is ? Double.valueOf(value) : none);
    o.addProperty("lo", is ? Double.valueOf(value - half) : none);
    o.addProperty("hi", is ? Double.valueOf(value + half) : none);
    return o;
  }

  private String json(String experiment, String model, String warning) {
    Map<String, Object> o = new LinkedHashMap<>();
    o.put("experiment", experiment);
    o.put("model", model);
    o.put("method", "forced");
    o.put("roles", List.of());
    o.put("conditions", conditions);
    o.put("scores", scores);
    o.put("changes", changes);
    o.put("answers", answers);
    o.put("marks", List.of("The model has no chat template."));
    o.put("warnings", warning.isEmpty() ? List.of() : List.of(warning));
    return GSON.toJson(o);
  }
}
