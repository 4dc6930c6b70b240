# Rscript recipe.R
# Three stages with a correction each: domains that cut across strata, covariances, design
# effects, every interval of a proportion and of a quantile in a domain, lonely villages.
suppressPackageStartupMessages(library(survey))
rows <- read.csv("input.csv")
rows$kind <- factor(rows$kind)
made <- function(data, lonely = "remove") {
  options(survey.lonely.psu = lonely)
  svydesign(
    id = ~village + hamlet + household, strata = ~stratum, fpc = ~N1 + N2 + N3,
    data = data, nest = TRUE
  )
}
num <- function(x) {
  text <- paste0(sprintf("%.15g", as.vector(x)), collapse = ", ")
  if (length(x) > 1) paste0("[", text, "]") else text
}
field <- function(name, x) paste0("\"", name, "\": ", num(x))
both <- function(x) c(coef(x), SE(x))
three <- made(rows[rows$stratum < 4, ])
part <- subset(three, kind == "b")
means <- svymean(~income + land + persons, three)
by <- svyby(~income, ~kind + sex, three, svymean)
total_by <- svyby(~income, ~kind, three, svytotal)
ratio_by <- svyby(~income, ~kind, three, svyratio, denominator = ~persons)
between <- svyby(~income, ~kind, three, svymean, covmat = TRUE)
apart <- svycontrast(between, c(a = 1, c = -1))
share <- function(method, design) {
  found <- svyciprop(~poor, design, method = method)
  as.vector(attr(found, "ci"))
}
quantile_of <- function(type, design) {
  as.vector(svyquantile(~income, design, c(0.25, 0.5, 0.8), interval.type = type)$income)
}
linear <- svyglm(income ~ land + sex, three)
whole <- function(lonely) {
  design <- made(rows, lonely)
  c(both(svymean(~income, design)), both(svytotal(~poor, design)))
}
lonely <- sapply(c("remove", "certainty", "adjust", "average"), whole)
two_stage <- svydesign(id = ~village + hamlet, strata = ~stratum, fpc = ~N1 + N2, nest = TRUE,
  data = rows[rows$stratum < 4, ])
first <- svydesign(id = ~village, strata = ~stratum, fpc = ~N1, data = rows[rows$stratum < 4, ])
cat("{", paste(c(
  field("vcov", vcov(means)),
  field("deff", deff(svymean(~income + poor, three, deff = TRUE))),
  field("deff_replace", deff(svymean(~income + poor, three, deff = "replace"))),
  field("domains", c(coef(by), SE(by))),
  field("domain_totals", c(coef(total_by), SE(total_by))),
  field("domain_ratios", c(coef(ratio_by), SE(ratio_by))),
  field("contrast", c(coef(apart), SE(apart))),
  field("beta", share("beta", part)),
  field("logit", share("logit", part)),
  field("likelihood", share("likelihood", part)),
  field("asin", share("asin", part)),
  field("xlogit", share("xlogit", part)),
  field("mean", share("mean", part)),
  field("quantile_mean", quantile_of("mean", part)),
  field("quantile_beta", quantile_of("beta", part)),
  field("quantile_xlogit", quantile_of("xlogit", part)),
  field("quantile_asin", quantile_of("asin", part)),
  field("regression", c(coef(linear), SE(linear))),
  field("lonely_remove", lonely[, "remove"]),
  field("lonely_certainty", lonely[, "certainty"]),
  # Totals under "adjust" are centred from survey 4.5 on alone, as ours are; hence the mean here.
  field("lonely_adjust", lonely[1:2, "adjust"]),
  field("lonely_average", lonely[, "average"]),
  field("two_stage", c(both(svymean(~income, two_stage)), both(svytotal(~poor, two_stage)))),
  field("one_stage", c(both(svymean(~income, first)), both(svytotal(~poor, first))))
), collapse = ", "), "}\n")
