# Rscript recipe.R
# Villages drawn with unequal probabilities without replacement in three strata: Brewer, Overton,
# Hartley-Rao, Horvitz-Thompson and Sen-Yates-Grundy, alone and with households below, by domain.
suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "remove")
rows <- read.csv("../r_stages_domains/input.csv")
rows <- rows[rows$stratum < 4, ]
rows$kind <- factor(rows$kind)
rows$unit <- seq_len(nrow(rows))
villages <- aggregate(cbind(income, land, poor, persons) ~ village + stratum + pi + M, rows, sum)
villages <- villages[order(villages$village), ]
villages$kind <- factor(ifelse(villages$village %% 3 == 0, "x", "y"))
num <- function(x) {
  text <- paste0(sprintf("%.15g", as.vector(x)), collapse = ", ")
  if (length(x) > 1) paste0("[", text, "]") else text
}
field <- function(name, x) paste0("\"", name, "\": ", num(x))
both <- function(x) c(coef(x), SE(x))
all_of <- function(design) {
  by <- svyby(~income, ~kind, design, svytotal)
  c(
    both(svytotal(~income, design)), both(svymean(~income, design)),
    both(svyratio(~income, ~persons, design)), coef(by), SE(by)
  )
}
brewer <- svydesign(id = ~village, strata = ~stratum, fpc = ~pi, data = villages, pps = "brewer")
overton <- svydesign(id = ~village, strata = ~stratum, fpc = ~pi, data = villages, pps = "overton")
one <- villages[villages$stratum == 3, ]
hartley <- svydesign(id = ~village, fpc = ~pi, data = one, pps = HR())
known <- svydesign(id = ~village, fpc = ~pi, data = one, pps = HR(sum(one$pi^2) * 1.3 / nrow(one)))
# Joint probabilities of Hartley and Rao's form, as a matrix.
n <- nrow(one)
joint <- (n - 1) / n * outer(one$pi, one$pi) *
  (1 + (outer(one$pi, one$pi, "+") - sum(one$pi^2) * 1.3 / n) / n)
diag(joint) <- one$pi
ht <- svydesign(id = ~village, fpc = ~pi, data = one, pps = ppsmat(joint), variance = "HT")
yg <- svydesign(id = ~village, fpc = ~pi, data = one, pps = ppsmat(joint), variance = "YG")
rows$below <- ave(rows$unit, rows$village, FUN = length) / rows$M
deep <- svydesign(
  id = ~village + unit, strata = ~stratum, fpc = ~pi + below, data = rows, pps = "brewer"
)
shares <- function(method) as.vector(attr(svyciprop(~poor, deep, method = method), "ci"))
cat("{", paste(c(
  field("brewer", all_of(brewer)),
  field("overton", all_of(overton)),
  field("hartley_rao", all_of(hartley)),
  field("hartley_rao_known", all_of(known)),
  field("horvitz_thompson", all_of(ht)),
  field("sen_yates_grundy", all_of(yg)),
  field("two_stage", all_of(deep)),
  field("two_stage_beta", shares("beta")),
  field("two_stage_logit", shares("logit")),
  field("two_stage_vcov", vcov(svymean(~income + land + poor, deep)))
), collapse = ", "), "}\n")
