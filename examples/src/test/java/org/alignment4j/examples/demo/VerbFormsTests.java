package org.alignment4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class VerbFormsTests {
  @Test
  void gerunds() {
    assertEquals("baking bread", VerbForms.gerund("bake bread"));
    assertEquals("planning a trip", VerbForms.gerund("plan a trip"));
    assertEquals("flying a kite", VerbForms.gerund("fly a kite"));
    assertEquals("freeing a bird", VerbForms.gerund("free a bird"));
    assertEquals("secretly filming a street", VerbForms.gerund("secretly film a street"));
  }

  @Test
  void thirdPersons() {
    assertEquals("teaches chess", VerbForms.thirdPerson("teach chess"));
    assertEquals("copies files", VerbForms.thirdPerson("copy files"));
    assertEquals("plays music", VerbForms.thirdPerson("play music"));
    assertEquals("sorts photographs", VerbForms.thirdPerson("sort photographs"));
  }
}
