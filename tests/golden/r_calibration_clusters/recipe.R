# Rscript recipe.R
# Weights adjusted on a clustered design of three strata and two stages: poststrata, raking,
# calibration by three distances with bounds, and the domains and totals that follow.
suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "remove")
rows <- read.csv("../r_stages_domains/input.csv")
rows <- rows[rows$stratum < 4, ]
rows$kind <- factor(rows$kind)
rows$sex <- factor(rows$sex)
rows$unit <- seq_len(nrow(rows))
two <- svydesign(
  id = ~village + unit, strata = ~stratum, fpc = ~N1 + M, data = rows
)
num <- function(x) {
  text <- paste0(sprintf("%.15g", as.vector(x)), collapse = ", ")
  if (length(x) > 1) paste0("[", text, "]") else text
}
field <- function(name, x) paste0("\"", name, "\": ", num(x))
both <- function(x) c(coef(x), SE(x))
all_of <- function(design) {
  by <- svyby(~income, ~sex, design, svymean)
  c(
    both(svytotal(~poor, design)), both(svymean(~income, design)),
    both(svyratio(~income, ~persons, design)), coef(by), SE(by)
  )
}
size <- 6000
kinds <- data.frame(kind = c("a", "b", "c"), Freq = c(2400, 1900, 1700))
sexes <- data.frame(sex = c("f", "m"), Freq = c(3200, 2800))
post <- postStratify(two, ~kind, kinds)
raked <- rake(two, list(~kind, ~sex), list(kinds, sexes), control = list(epsilon = 1e-13, maxit = 500))
goal <- c(`(Intercept)` = size, land = 29400, persons = 21600)
form <- ~ land + persons
linear <- calibrate(two, form, goal)
tight <- function(...) calibrate(two, form, goal, epsilon = 1e-12, maxit = 200, ...)
bounded <- tight(calfun = "linear", bounds = c(0.99, 1.8))
logit <- tight(calfun = "logit", bounds = c(0.6, 2.4))
raking <- tight(calfun = "raking")
crossed <- calibrate(
  two, ~ kind + land, c(`(Intercept)` = size, kindb = 1900, kindc = 1700, land = 29400)
)
spread <- function(design) range(weights(design) / weights(two))
first <- svydesign(id = ~village, strata = ~stratum, fpc = ~N1, data = rows, weights = weights(two))
first_post <- postStratify(first, ~kind, kinds)
part <- subset(post, persons < 5)
cat("{", paste(c(
  field("factor", size / sum(weights(two))),
  field("poststratified", all_of(post)),
  field("poststratified_part", all_of(part)),
  field("poststratified_one_stage", all_of(first_post)),
  field("raked_estimates", c(
    coef(svytotal(~poor, raked)), coef(svymean(~income, raked)),
    coef(svyratio(~income, ~persons, raked))
  )),
  field("raked_weights", weights(raked)[c(1, 40, 80, 120)]),
  field("linear", all_of(linear)),
  field("linear_range", spread(linear)),
  field("bounded", all_of(bounded)),
  field("bounded_range", spread(bounded)),
  field("logit", all_of(logit)),
  field("logit_range", spread(logit)),
  field("raking", all_of(raking)),
  field("raking_range", spread(raking)),
  field("crossed", all_of(crossed))
), collapse = ", "), "}\n")
