# Rscript recipe.R
# Designs that the shared cases lack, on made-up rows: three stages with a correction each, unequal
# probabilities within strata, calibration and tests over three stages, two phases with a correction.
suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "remove")
rows <- read.csv("input.csv")
rows$filed <- factor(rows$filed)
rows$kind <- factor(rows$kind)
three <- svydesign(
  id = ~village + hamlet + household, strata = ~stratum, fpc = ~N1 + N2 + N3,
  data = rows, nest = TRUE
)
num <- function(x) {
  text <- paste0(sprintf("%.15g", as.vector(x)), collapse = ", ")
  if (length(x) > 1) paste0("[", text, "]") else text
}
field <- function(name, x) paste0("\"", name, "\": ", num(x))
both <- function(x) c(coef(x), SE(x))
by <- svyby(~income, ~kind, three, svymean)
sizes <- data.frame(kind = c("a", "b", "c"), Freq = c(900, 1000, 800))
post <- postStratify(three, ~kind, sizes)
linear <- calibrate(three, ~land, c(`(Intercept)` = 2700, land = 13800))
chisq <- svychisq(~poor + kind, three, statistic = "F")
logit <- svyglm(
  poor ~ land + kind, three,
  family = quasibinomial(), control = list(epsilon = 1e-14, maxit = 100)
)
rows$village_weight <- 1 / rows$pi
brewer <- svydesign(
  id = ~village, strata = ~stratum, fpc = ~pi, data = rows, pps = "brewer"
)
jack <- as.svrepdesign(svydesign(
  id = ~village, strata = ~stratum, fpc = ~N1, data = rows
), type = "JKn")
rows$frame <- 900
phases <- function(method) {
  two <- twophase(
    id = list(~1, ~1), strata = list(NULL, ~filed), fpc = list(~frame, NULL),
    subset = ~I(seen == 1), method = method, data = rows
  )
  both(svymean(~poor, two))
}
cat("{", paste(c(
  field("mean", both(svymean(~income, three))),
  field("total", both(svytotal(~income, three))),
  field("ratio", c(coef(svyratio(~income, ~land, three)), SE(svyratio(~income, ~land, three)))),
  field("domains", c(coef(by), SE(by))),
  field("median", as.vector(svyquantile(~income, three, 0.5)$income)),
  field("poststratified", both(svymean(~income, post))),
  field("calibrated", both(svytotal(~income, linear))),
  field("rao_scott", c(chisq$statistic, chisq$parameter, chisq$p.value)),
  field("logistic", c(coef(logit), SE(logit))),
  field("brewer_total", both(svytotal(~income, brewer))),
  field("brewer_mean", both(svymean(~income, brewer))),
  field("jackknife_ratio", c(
    coef(svyratio(~income, ~land, jack)), SE(svyratio(~income, ~land, jack))
  )),
  field("two_phase_full", phases("full")),
  field("two_phase_approx", phases("approx"))
), collapse = ", "), "}\n")
